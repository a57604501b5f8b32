/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['src/core/**/*.ts', '!src/core/**/*.test.ts', '!src/core/**/*.test-d.ts'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts' },
  plugins: ['@stryker-mutator/vitest-runner'],
  coverageAnalysis: 'perTest',
  // A file that does not exist, on purpose. Stryker rewrites the paths in the tsconfig of its sandbox
  // with `parseConfigFileTextToJson` from `typescript`, which TypeScript 7 no longer exports. Ours
  // has no path that leads out of the sandbox, so that nothing is lost.
  tsconfigFile: 'tsconfig.does-not-exist.json',
  ignorePatterns: [
    '**',
    '!src/**/*',
    '!test/helpers/**/*',
    '!vitest.mutation.config.ts',
    '!package.json',
    '!tsconfig.json',
  ],
  concurrency: 2,
  reporters: ['clear-text', 'json', 'html'],
  clearTextReporter: { reportTests: false, allowColor: false, logTests: false },
  thresholds: { high: 98, low: 95, break: 95 },
  timeoutMS: 3_000,
  incrementalFile: 'reports/mutation/incremental.json',
  warnings: { preprocessorErrors: false },
}
