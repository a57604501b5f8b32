import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('takes back the permits of streams that are dropped in the middle, and of no other', async () => {
  const program = join(import.meta.dirname, 'dropped-program.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program])

  expect(JSON.parse(stdout)).toEqual({ lost: [], held: 1, item: 'a' })
})
