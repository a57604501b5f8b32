import type { Link } from './link.ts'

/** What a store answers within so many ms; it is told to stop when that has taken longer. */
export async function within<T>(
  link: Pick<Link, 'setTimer'>,
  ms: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const late = new Error(`the store has not answered within ${ms} ms`)
  let stop = (): void => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      stop = link.setTimer(ms, () => {
        // An answer may have arrived while the event loop was blocked.
        stop = link.setTimer(0, () => {
          // With what it has by now, perhaps.
          controller.abort(late)
          stop = link.setTimer(0, () => reject(late))
        })
      })
      ask(controller.signal).then(resolve, reject)
    })
  } catch (error) {
    controller.abort(error)
    throw error
  } finally {
    stop()
  }
}
