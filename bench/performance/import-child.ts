// Prints how long it takes to import a module, ms: `import-child.ts <url>`.

const begin = performance.now()
await import(process.argv[2] as string)
process.stdout.write(JSON.stringify(performance.now() - begin))
process.exit(0)
