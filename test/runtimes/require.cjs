const library = require('short-circuit')
const testing = require('short-circuit/testing')

async function main() {
  const { smoke } = await import('./smoke.mjs')
  const runtime = await smoke(library, testing)

  // Two copies would mean two registries, and errors that are no instances of their class.
  const imported = await import('short-circuit')
  if (imported.CircuitBreaker !== library.CircuitBreaker) {
    throw new Error('import and require gave two different CircuitBreaker classes')
  }
  console.log(`smoke test passed on ${runtime}`)
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
