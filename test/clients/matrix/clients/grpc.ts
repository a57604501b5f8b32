import type {
  ClientReadableStream,
  ClientUnaryCall,
  MethodDefinition,
  Server,
  ServiceError,
} from '@grpc/grpc-js'
import type { Client } from '../client.ts'
import { LoopbackUpstream } from '../upstream.ts'

interface Speaker {
  say(
    text: string,
    callback: (error: ServiceError | null, answer?: string) => void,
  ): ClientUnaryCall
  list(text: string): ClientReadableStream<string>
  close(): void
}

const method = (path: string, responseStream: boolean): MethodDefinition<string, string> => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: (text) => Buffer.from(text),
  requestDeserialize: String,
  responseSerialize: (text) => Buffer.from(text),
  responseDeserialize: String,
})

const service = { say: method('/Speaker/say', false), list: method('/Speaker/list', true) }

export const grpc: Client = {
  name: 'grpc-js',
  packages: ['@grpc/grpc-js'],
  guarded: "protect(new Service(…), breaker, { methods: ['say', 'list'] })",
  trap: 'list all methods: those with a callback are guarded only then; wait for ready only with a deadline',
  methods: ['say', 'list'],
  cancelledBy: 'method',
  async connect({ protect }) {
    const { credentials, makeGenericClientConstructor } = await import('@grpc/grpc-js')
    const upstream = await GrpcUpstream.start()
    const Service = makeGenericClientConstructor(service, 'Speaker')
    const real = new Service(`127.0.0.1:${upstream.port}`, credentials.createInsecure())
    const client = protect(real as unknown as Speaker, { methods: ['say', 'list'] })
    return {
      upstream,
      uses: {
        'a callback': (signal) =>
          new Promise((resolve, reject) => {
            const call = client.say('hello', (error, answer) =>
              error ? reject(error) : resolve(answer),
            )
            signal?.addEventListener('abort', () => call.cancel())
          }),
        'for await of a stream': async (signal) => {
          const texts: string[] = []
          const stream = client.list('hello')
          signal?.addEventListener('abort', () => stream.cancel())
          for await (const text of stream) texts.push(text as string)
          return texts
        },
        'the events of a stream': (signal) =>
          new Promise((resolve, reject) => {
            const texts: string[] = []
            const stream = client.list('hello')
            signal?.addEventListener('abort', () => stream.cancel())
            stream.on('data', (text: string) => texts.push(text))
            stream.on('error', reject)
            stream.on('end', () => resolve(texts))
          }),
      },
      close: () => real.close(),
    }
  },
}

/** A server of `Speaker` on loopback. */
class GrpcUpstream extends LoopbackUpstream {
  #server: Server | undefined
  port = 0

  static async start(): Promise<GrpcUpstream> {
    const { Server, ServerCredentials, status } = await import('@grpc/grpc-js')
    const upstream = new GrpcUpstream()
    const server = new Server()
    const fault = (code: number) => Object.assign(new Error('out of order'), { code })
    server.addService(service, {
      say: (call: Cancellable, callback: (error: Error | null, answer?: string) => void) => {
        upstream.requests += 1
        const gone = upstream.react({
          answer: () => callback(null, 'hello'),
          fail: () => callback(fault(status.UNAVAILABLE)),
          breakOff: () => callback(fault(status.DATA_LOSS)),
        })
        call.on('cancelled', gone)
      },
      list: (call: Cancellable & { write(text: string): void; end(): void }) => {
        upstream.requests += 1
        const gone = upstream.react({
          answer: () => {
            call.write('hel')
            call.write('lo')
            call.end()
          },
          fail: () => call.emit('error', fault(status.UNAVAILABLE)),
          breakOff: () => {
            call.write('hel')
            call.emit('error', fault(status.DATA_LOSS))
          },
        })
        call.on('cancelled', gone)
      },
    })
    upstream.#server = server
    await new Promise<void>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        upstream.port = port
        if (error) reject(error)
        else resolve()
      })
    })
    return upstream
  }

  async close(): Promise<void> {
    this.#server?.forceShutdown()
  }
}

interface Cancellable {
  on(event: 'cancelled', listener: () => void): unknown
  emit(event: 'error', error: Error): unknown
}
