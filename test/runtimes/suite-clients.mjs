import { runSuite } from './suite-clients.bundle.mjs'

const { process } = globalThis
console.log(await runSuite())
process.exit(0)
