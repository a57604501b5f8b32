import type { ViteUserConfig } from 'vitest/config'

/**
 * For the mutation tests alone: the unit tests of the core, and nothing that starts a compiler. One
 * worker for all files, because each mutant would otherwise have to wait for one a file.
 */
const config: ViteUserConfig = {
  test: { isolate: false, include: ['src/core/**/*.test.ts'] },
}
export default config
