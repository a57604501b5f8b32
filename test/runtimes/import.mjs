import * as library from 'short-circuit'
import * as testing from 'short-circuit/testing'
import { smoke } from './smoke.mjs'

console.log(`smoke test passed on ${await smoke(library, testing)}`)
