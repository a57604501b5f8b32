import { configDefaults, type ViteUserConfig } from 'vitest/config'

/** As `vitest.mutation.config.ts`, for all unit tests that run in one process. */
const config: ViteUserConfig = {
  test: {
    isolate: false,
    include: ['src/**/*.test.ts', 'test/clients/observables.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      'src/core/**',
      'src/testing/**',
      // They look at what another process does, which runs the code as it is.
      'src/**/*.process.test.ts',
    ],
  },
}
export default config
