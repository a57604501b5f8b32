/** How a call fails, as servers of gRPC and Connect say it. */
export class Fault extends Error {
  readonly code: number
  readonly metadata: Readonly<Record<string, string>>
  /** A `google.rpc.RetryInfo` of half a minute goes with it. */
  readonly retryInfo: boolean

  constructor(code: number, metadata: Readonly<Record<string, string>> = {}, retryInfo = false) {
    super(`fault ${code}`)
    this.code = code
    this.metadata = metadata
    this.retryInfo = retryInfo
  }
}

/** `RetryInfo { retry_delay { seconds: 30 } }` */
export const RETRY_INFO: Uint8Array = Buffer.from([10, 2, 8, 30])

/** A `google.rpc.Status` with it. */
export function statusWithRetryInfo(): Buffer {
  const type = 'type.googleapis.com/google.rpc.RetryInfo'
  const any = [10, type.length, ...Buffer.from(type), 18, RETRY_INFO.length, ...RETRY_INFO]
  return Buffer.from([26, any.length, ...any])
}

const PUSHBACK = { 'grpc-retry-pushback-ms': '30000' }

const FAULTS: Readonly<Record<string, () => Fault>> = {
  missing: () => new Fault(5),
  unavailable: () => new Fault(14),
  'unavailable, pushback': () => new Fault(14, PUSHBACK),
  'unavailable, retry info': () => new Fault(14, {}, true),
  exhausted: () => new Fault(8),
  'exhausted, pushback': () => new Fault(8, PUSHBACK),
  'exhausted, retry info': () => new Fault(8, {}, true),
  'cancelled by the server': () => new Fault(1),
}

/** What a server does with a call, by the first message of its request. */
export class Script {
  /** Calls that have reached the server. */
  received = 0
  /** Calls of which the server has seen that their client ended them. */
  cancelled = 0
  /** What `ok` waits for. */
  hold: Promise<void> | undefined
  /** Destroys all connections. */
  kill: () => void = () => {}

  async *answer(request: string, cancelled: Promise<void>): AsyncGenerator<string> {
    let over = false
    void cancelled.then(() => {
      if (!over) this.cancelled++
    })
    try {
      const fault = FAULTS[request]?.()
      if (fault !== undefined) throw fault
      if (request === 'ok') await this.hold
      if (request === 'hang') await cancelled
      yield `${request} 1`
      if (request === 'fails in the middle') throw new Fault(15)
      if (request === 'dies in the middle') {
        await new Promise((resolve) => setTimeout(resolve, 20))
        this.kill()
      }
      if (request === 'goes on') await cancelled
      yield `${request} 2`
    } finally {
      over = true
    }
  }
}
