/** What is needed of the requests of Node's servers, and of what Express adds to them. */
export interface IncomingMessage {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Before Express has taken the path off where it is mounted. */
  readonly originalUrl?: string | undefined
  readonly httpVersion: string
  readonly httpVersionMajor: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawHeaders: readonly string[]
  readonly socket: { readonly remoteAddress?: string | undefined }
  /** What a parser has made of the body. */
  readonly body?: unknown
  readonly readableEnded: boolean
  readonly complete: boolean
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'end' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  pause(): unknown
  resume(): unknown
}

/** What is needed of their answers. */
export interface ServerResponse {
  readonly writableFinished: boolean
  readonly destroyed: boolean
  writeHead(status: number, headers: Record<string, string>): unknown
  flushHeaders?(): void
  write(chunk: Uint8Array): boolean
  end(): unknown
  destroy(): unknown
  once(event: 'drain' | 'close', listener: () => void): unknown
  off(event: 'drain' | 'close', listener: () => void): unknown
}
