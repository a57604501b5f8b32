import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { SMTPServer } from 'smtp-server'
import type { Client } from '../client.ts'
import type { Behaviour, Upstream } from '../upstream.ts'

export const nodemailer: Client = {
  name: 'Nodemailer',
  packages: ['nodemailer'],
  guarded: 'protect(createTransport(…), breaker)',
  trap: '`sendMail` with a callback is guarded if it is listed in `methods`',
  methods: ['sendMail'],
  cancelledBy: 'nothing',
  async connect({ protect }) {
    const { createTransport } = await import('nodemailer')
    const upstream = await SmtpUpstream.start()
    const real = createTransport({ host: '127.0.0.1', port: upstream.port, ignoreTLS: true })
    const transport = protect(real)
    const mail = { from: 'a@example.com', to: 'b@example.com', text: 'hello' }
    return {
      upstream,
      uses: {
        sendMail: () => transport.sendMail(mail),
        verify: () => transport.verify(),
      },
      close: () => real.close(),
    }
  },
}

/** A mail server on loopback, which takes one mail of each connection. */
class SmtpUpstream implements Upstream {
  behaviour: Behaviour = 'answer'
  requests = 0
  readonly #waiting = new Set<() => void>()
  readonly #server: SMTPServer

  private constructor(Server: typeof SMTPServer) {
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

  get waiting(): number {
    return this.#waiting.size
  }

  #receive(next: (error?: Error) => void): void {
    this.requests += 1
    if (this.behaviour === 'answer') next()
    else if (this.behaviour === 'fail') {
      next(Object.assign(new Error('out of order'), { responseCode: 451 }))
    } else if (this.behaviour === 'break off') this.#server.connections.forEach(breakOff)
    else {
      const release = (): void => {
        this.#waiting.delete(release)
        next()
      }
      this.#waiting.add(release)
    }
  }

  release(): void {
    this.behaviour = 'answer'
    for (const release of this.#waiting) release()
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve))
  }
}

function breakOff(connection: object): void {
  ;(connection as { _socket: { destroy(): void } })._socket.destroy()
}
