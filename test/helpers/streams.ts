/** A stream of the web of two chunks. */
export function letters(): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const letter of 'ab') controller.enqueue(letter)
      controller.close()
    },
  })
}

export async function* numbers(...items: number[]): AsyncGenerator<number> {
  yield* items
}

/** All items of a stream. */
export async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items = []
  for await (const item of stream) items.push(item)
  return items
}
