import { configDefaults, type ViteUserConfig } from 'vitest/config'

/**
 * As `vitest.mutation.config.ts`, for the unit tests of these layers that run in one process. Those of subpaths
 * are left out, but for what circuits do in a fleet: they see the layers from outside, and take long.
 */
const config: ViteUserConfig = {
  test: {
    isolate: false,
    // Mutants often leave a test waiting for ever. The slowest of these takes half a second, nearly all take milliseconds.
    testTimeout: 2_000,
    runner: 'test/mutation/runner.ts',
    setupFiles: ['test/mutation/coverage.ts'],
    include: [
      'src/*.test.ts',
      'src/{call,circuit,inspect,protect,registry}/*.test.ts',
      'src/fleet/shared*.test.ts',
      'test/clients/observables.test.ts',
    ],
    exclude: [
      ...configDefaults.exclude,
      // They look at what another process does, which runs the code as it is.
      'src/**/*.process.test.ts',
    ],
  },
}
export default config
