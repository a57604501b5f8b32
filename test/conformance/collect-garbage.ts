import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Works without `--expose-gc` on the command line, which a test runner's workers do not get. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
}
