import { createClient, type Transport } from '@connectrpc/connect'
import { Speaker } from './connect-server.ts'
import type { Options, RpcClient } from './contract.ts'

type Texts = Iterable<string> | AsyncIterable<string>

interface Text {
  readonly value: string
}

interface CallOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

interface Methods {
  say(text: Text, options: CallOptions): Promise<Text>
  list(text: Text, options: CallOptions): AsyncIterable<Text>
  collect(texts: AsyncIterable<Text>, options: CallOptions): Promise<Text>
  chat(texts: AsyncIterable<Text>, options: CallOptions): AsyncIterable<Text>
}

export function speakerOf(
  transport: Transport,
  create: typeof createClient = createClient,
): RpcClient {
  const client = create(Speaker, transport) as unknown as Methods
  const options = ({ signal, timeout }: Options = {}) => ({
    ...(signal && { signal }),
    ...(timeout && { timeoutMs: timeout }),
  })
  const messages = async function* (texts: Texts) {
    for await (const value of texts) yield { value }
  }
  const values = (responses: AsyncIterable<Text>) => {
    const iterator = responses[Symbol.asyncIterator]()
    const textOf = ({ done, value }: IteratorResult<Text>): IteratorResult<string> =>
      done ? { done, value: undefined } : { value: value.value }
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => iterator.next().then(textOf),
        return: async () => {
          await iterator.return?.()
          return { done: true as const, value: undefined }
        },
      }),
    }
  }
  return {
    say: async (value, about) => (await client.say({ value }, options(about))).value,
    list: (value, about) => values(client.list({ value }, options(about))),
    collect: async (texts, about) => (await client.collect(messages(texts), options(about))).value,
    chat: (texts, about) => values(client.chat(messages(texts), options(about))),
    close: () => {},
  }
}
