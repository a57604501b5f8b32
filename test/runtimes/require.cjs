const { entries: required } = require('./entries.cjs')

async function main() {
  const { smoke } = await import('./smoke.mjs')
  const runtime = await smoke(required['.'], required['./testing'])

  // Two copies would mean two registries, and errors that are no instances of their class.
  const { entries: imported } = await import('./entries.mjs')
  for (const [subpath, entry] of Object.entries(required)) {
    for (const name of Object.keys(entry)) {
      if (entry[name] === imported[subpath][name]) continue
      throw new Error(`import and require returned a different ${name} from ${subpath}`)
    }
  }
  console.log(`smoke test passed on ${runtime}`)
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
