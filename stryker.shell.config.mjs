import core from './stryker.config.mjs'

/** What is around the core: calls, circuits, registries and clients. */
const LAYERS = 'src/{call,circuit,registry,protect}/**/*'

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  ...core,
  mutate: [`${LAYERS}.ts`, `!${LAYERS}.test.ts`, `!${LAYERS}.test-d.ts`],
  // The tests are listed there: looking for those that import a file takes longer than to run them.
  vitest: { configFile: 'vitest.mutation-shell.config.ts', related: false },
  ignorePatterns: [
    ...core.ignorePatterns,
    '!vitest.mutation-shell.config.ts',
    '!test/clients/observables.test.ts',
    '!test/clients/store.ts',
    '!test/conformance/collect-garbage.ts',
    '!test/mutation/*.ts',
  ],
  // A mutant that is active while modules load, in a table for example, needs all tests once more.
  ignoreStatic: true,
  thresholds: { high: 95, low: 90, break: 90 },
  jsonReporter: { fileName: 'reports/mutation-shell/mutation.json' },
  htmlReporter: { fileName: 'reports/mutation-shell/mutation.html' },
  incrementalFile: 'reports/mutation-shell/incremental.json',
}
