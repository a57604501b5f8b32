// What tests need of the runtime they run on: this may be any.

/** Waits until a condition holds; fails after some seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5_000; !(await condition()); ) {
    if (Date.now() > end) throw new Error(`still not so after 5 s: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

interface Events {
  on(name: string, listener: (reason: unknown) => void): unknown
  off(name: string, listener: (reason: unknown) => void): unknown
}

/** Calls back with the reasons of rejections that nobody handles. Returns what ends that. */
export function hearUnhandled(listener: (reason: unknown) => void): () => void {
  const { process } = globalThis as { process?: Partial<Events> }
  if (typeof process?.on === 'function') {
    process.on('unhandledRejection', listener)
    return () => process.off?.('unhandledRejection', listener)
  }
  const events = globalThis as unknown as EventTarget
  const hear = (event: Event): void => {
    event.preventDefault()
    listener((event as Event & { readonly reason: unknown }).reason)
  }
  events.addEventListener('unhandledrejection', hear)
  return () => events.removeEventListener('unhandledrejection', hear)
}
