import { runSuite } from './suite.bundle.mjs'

const { process } = globalThis
console.log(await runSuite(process.argv[2]))
process.exit(0)
