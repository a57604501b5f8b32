/** The heap in use after garbage collection. */
export async function heapInUse(): Promise<number> {
  await collect()
  return process.memoryUsage().heapUsed
}

export async function collect(): Promise<void> {
  if (gc === undefined) throw new Error('run it with --expose-gc')
  // Weak references let go at the end of a turn, and what they held in the next collection.
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
}
