import { entries } from './entries.mjs'
import { smoke } from './smoke.mjs'

console.log(`smoke test passed on ${await smoke(entries['.'], entries['./testing'])}`)
