import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { Fault, Script, statusWithRetryInfo } from './script.ts'

const method = (
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<string, string> => ({
  path: `/test.v1.Speaker/${name}`,
  requestStream,
  responseStream,
  requestSerialize: (text) => {
    if (typeof text !== 'string') throw new TypeError('not a text')
    return Buffer.from(text)
  },
  requestDeserialize: String,
  responseSerialize: (text) => Buffer.from(text),
  responseDeserialize: String,
})

/** What a generated file would have. */
export const speaker: Record<
  'say' | 'list' | 'collect' | 'chat',
  MethodDefinition<string, string>
> = {
  say: method('Say', false, false),
  list: method('List', false, true),
  collect: method('Collect', true, false),
  chat: method('Chat', true, true),
}

interface ServerCall {
  readonly cancelled: boolean
  on(event: 'cancelled' | 'end', listener: () => void): unknown
  on(event: 'data', listener: (text: string) => void): unknown
  emit(event: 'error', error: object): unknown
  write(text: string): unknown
  end(): void
}

/** A server of `test.v1.Speaker` on loopback, of grpc-js. */
export class GrpcServer {
  readonly script: Script = new Script()
  readonly #server = new Server()
  port = 0
  /** What is told of the next calls. */
  onCall: ((call: never) => void) | undefined

  static async start(): Promise<GrpcServer> {
    const server = new GrpcServer()
    server.script.kill = () => server.#server.forceShutdown()
    const { script } = server
    server.#server.addService(speaker, {
      say: (call: ServerCall & { request: string }, callback: sendUnaryData<string>) => {
        void answerOnce(script, call.request, call, callback)
        const { onCall } = server
        server.onCall = undefined
        onCall?.(call as never)
      },
      list: (call: ServerCall & { request: string }) => void answer(script, call.request, call),
      collect: (call: ServerCall, callback: sendUnaryData<string>) => {
        const texts = received(call)
        call.on('end', () => void answerOnce(script, texts[0] ?? '', call, callback))
      },
      chat: (call: ServerCall) => {
        let begun = false
        call.on('data', (text) => {
          if (!begun) void answer(script, text, call)
          begun = true
        })
        call.on('end', () => {})
      },
    } as never)
    server.port = await new Promise<number>((resolve, reject) => {
      server.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      )
    })
    return server
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  async stop(): Promise<void> {
    this.#server.forceShutdown()
  }
}

function received(call: ServerCall): string[] {
  const texts: string[] = []
  call.on('data', (text) => texts.push(text))
  return texts
}

/** Its deadline may be over before its handler hears of it. */
const cancelled = (call: ServerCall): Promise<void> =>
  new Promise((resolve) => (call.cancelled ? resolve() : call.on('cancelled', resolve)))

async function answer(script: Script, request: string, call: ServerCall): Promise<void> {
  script.received++
  try {
    for await (const text of script.answer(request, cancelled(call))) call.write(text)
    call.end()
  } catch (error) {
    call.emit('error', statusOf(error))
  }
}

async function answerOnce(
  script: Script,
  request: string,
  call: ServerCall,
  callback: sendUnaryData<string>,
): Promise<void> {
  script.received++
  try {
    for await (const text of script.answer(request, cancelled(call))) return callback(null, text)
    throw new Error('no answer')
  } catch (error) {
    callback(statusOf(error))
  }
}

function statusOf(error: unknown): { code: number; details: string; metadata: Metadata } {
  if (!(error instanceof Fault)) throw error
  const metadata = new Metadata()
  for (const [key, value] of Object.entries(error.metadata)) metadata.set(key, value)
  const { retryInfo, code, message } = error
  if (retryInfo) metadata.set('grpc-status-details-bin', statusWithRetryInfo())
  return { code, details: message, metadata }
}
