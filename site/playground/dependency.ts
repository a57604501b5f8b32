/** A dependency that answers after about `latency` ms, or fails then, or when its caller gives up. */
export function callDependency(
  { failing, latency }: { readonly failing: number; readonly latency: number },
  signal: AbortSignal,
): Promise<string> {
  const time = latency * Math.exp(0.35 * (Math.random() + Math.random() + Math.random() - 1.5) * 2)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (Math.random() < failing) reject(new Error('503 Service Unavailable'))
      else resolve('200 OK')
    }, time)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
