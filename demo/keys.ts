import type { ReadStream } from 'node:tty'

/** Calls what each key stands for, and resolves when somebody has pressed `q` or Ctrl-C. */
export async function listenForKeys(
  input: ReadStream,
  keys: Readonly<Record<string, () => void>>,
): Promise<void> {
  let onData: (data: Buffer) => void = () => {}
  const quit = new Promise<void>((resolve) => {
    onData = (data) => {
      for (const key of data.toString()) {
        if (key === 'q' || key === '\x03') resolve()
        else if (Object.hasOwn(keys, key)) keys[key]?.()
      }
    }
  })
  if (input.isTTY) input.setRawMode(true)
  // Where there is no terminal, keys may come through a pipe; its end is no reason to leave.
  input.on('data', onData)
  await quit
  input.off('data', onData)
  if (input.isTTY) input.setRawMode(false)
  input.pause()
}
