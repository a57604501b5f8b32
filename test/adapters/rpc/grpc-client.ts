import type * as grpc from '@grpc/grpc-js'
import type { Options, RpcClient } from './contract.ts'
import { speaker } from './grpc-server.ts'

export type Library = typeof grpc

/** The calls of a client whose interceptors are these. */
export function speakerOf(
  library: Library,
  address: string,
  interceptors: grpc.Interceptor[],
  about: grpc.ClientOptions = {},
): RpcClient {
  const Speaker = library.makeGenericClientConstructor(speaker as never, 'Speaker')
  const client = new Speaker(address, library.credentials.createInsecure(), {
    interceptors,
    ...about,
  }) as unknown as Methods
  const options = ({ timeout }: Options) =>
    timeout === undefined ? {} : { deadline: Date.now() + timeout }
  const cancelBy = <Call extends grpc.Call>(call: Call, { signal }: Options): Call => {
    if (signal?.aborted) call.cancel()
    signal?.addEventListener('abort', () => call.cancel())
    // Who reads it hears of it, too.
    ;(call as NodeJS.EventEmitter).on('error', () => {})
    return call
  }
  const once = (begin: (callback: Callback) => grpc.Call, about: Options) =>
    new Promise<string>((resolve, reject) => {
      cancelBy(
        begin((error, text) => (error === null ? resolve(text as string) : reject(error))),
        about,
      )
    })
  const write = async (texts: Texts, call: grpc.ClientWritableStream<string>) => {
    for await (const text of texts) call.write(text)
    call.end()
  }
  return {
    say: (text, about = {}) => once((done) => client.say(text, options(about), done), about),
    list: (text, about = {}) => cancelBy(client.list(text, options(about)), about),
    collect: (texts, about = {}) =>
      once((done) => {
        const call = client.collect(options(about), done)
        void write(texts, call)
        return call
      }, about),
    chat: (texts, about = {}) => {
      const call = cancelBy(client.chat(options(about)), about)
      void write(texts, call)
      return call
    },
    close: () => client.close(),
  }
}

type Texts = Iterable<string> | AsyncIterable<string>
type Callback = (error: grpc.ServiceError | null, text?: string) => void

interface Methods {
  say(text: string, options: object, callback: Callback): grpc.ClientUnaryCall
  list(text: string, options: object): grpc.ClientReadableStream<string>
  collect(options: object, callback: Callback): grpc.ClientWritableStream<string>
  chat(options: object): grpc.ClientDuplexStream<string, string>
  close(): void
}
