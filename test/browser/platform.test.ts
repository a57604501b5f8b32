import { expect, it } from 'vitest'
import * as library from '../../src/index.ts'
import * as testing from '../../src/testing/index.ts'
import { smoke } from '../runtimes/smoke.mjs'

it('passes in a browser the smoke test that every other runtime passes', async () => {
  await expect(smoke(library, testing)).resolves.toBe('browser')
})
