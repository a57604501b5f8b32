import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { SMTPServer } from 'smtp-server'
import type { Client } from '../client.ts'
import { LoopbackUpstream } from '../upstream.ts'

export const nodemailer: Client = {
  name: 'Nodemailer',
  packages: ['nodemailer'],
  guarded: "protect(createTransport(…), breaker, { methods: ['sendMail'] })",
  trap: 'a callback is guarded because `sendMail` is listed',
  methods: ['sendMail', 'verify'],
  cancelledBy: 'nothing',
  async connect({ protect }) {
    const { createTransport } = await import('nodemailer')
    const upstream = await SmtpUpstream.start()
    const real = createTransport({ host: '127.0.0.1', port: upstream.port, ignoreTLS: true })
    const transport = protect(real, { methods: ['sendMail', 'verify'] })
    const mail = { from: 'a@example.com', to: 'b@example.com', text: 'hello' }
    return {
      upstream,
      uses: {
        sendMail: () => transport.sendMail(mail),
        'a callback': () =>
          new Promise((resolve, reject) => {
            transport.sendMail(mail, (error, sent) => (error ? reject(error) : resolve(sent)))
          }),
        verify: () => transport.verify(),
      },
      close: () => real.close(),
    }
  },
}

/** A mail server on loopback, which takes one mail of each connection. */
class SmtpUpstream extends LoopbackUpstream {
  readonly #server: SMTPServer

  private constructor(Server: typeof SMTPServer) {
    super()
    this.#server = new Server({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      closeTimeout: 100,
      onConnect: (_, next) => this.#receive(next),
      onData: (stream, _, next) => {
        stream.resume().on('end', () => next())
      },
    })
    this.#server.on('error', () => {})
  }

  static async start(): Promise<SmtpUpstream> {
    const { SMTPServer } = await import('smtp-server')
    const upstream = new SmtpUpstream(SMTPServer)
    await once(upstream.#server.listen(0, '127.0.0.1'), 'listening')
    return upstream
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port
  }

  #receive(next: (error?: Error) => void): void {
    this.requests += 1
    this.react({
      answer: next,
      fail: () => next(Object.assign(new Error('out of order'), { responseCode: 451 })),
      breakOff: () => this.#server.connections.forEach(breakOff),
    })
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve))
  }
}

function breakOff(connection: object): void {
  ;(connection as { _socket: { destroy(): void } })._socket.destroy()
}
