/** Says now and then how far `what` is, and how long the rest of it will take. */
export function progress(what: string, steps: number): () => void {
  const begin = performance.now()
  let [done, shownAt] = [0, 0]
  return () => {
    done++
    const seconds = (performance.now() - begin) / 1_000
    if (seconds - shownAt < 5 && done < steps) return
    shownAt = seconds
    const left = Math.ceil((seconds / done) * (steps - done))
    console.log(`${what}: ${done} of ${steps}, about ${left} s left`)
  }
}
