import type { ViteUserConfig } from 'vitest/config'

/** For the mutation tests alone: the unit tests of the core, and nothing that starts a compiler. */
const config: ViteUserConfig = {
  test: { include: ['src/core/**/*.test.ts'] },
}
export default config
