import type {
  Applied,
  Detail,
  FleetSummary,
  List,
  LogEntry,
  Operation,
  Result,
  Write,
} from '../admin/index.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { Io } from './io.ts'
import type { ServerEvent, Source } from './source.ts'

const DEFAULT_URL = 'http://localhost:9090'

/** What a problem says, as far as it is shown. */
interface ProblemBody {
  readonly code?: string
  readonly title?: string
  readonly detail?: string
  readonly hint?: string
  readonly nearest?: readonly string[]
  readonly changed?: { readonly by: string | null; readonly text: string | null }
}

/** Asks an admin by HTTP. */
export class Client implements Source {
  readonly url: string
  readonly #io: Io
  #token: string | undefined

  constructor(io: Io, url: string | undefined) {
    const given = url ?? io.env['SHORT_CIRCUIT_URL'] ?? DEFAULT_URL
    const full = /^https?:\/\//.test(given) ? given : `http://${given}`
    if (!URL.canParse(full))
      throw new CliError(EXIT.usage, `${given} is no address. Example: --url ${DEFAULT_URL}`)
    this.url = full.replace(/\/+$/, '')
    this.#io = io
  }

  list(query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<List> {
    return this.#json(`breakers?${new URLSearchParams(query)}`, 'rows', signal ? { signal } : {})
  }

  detail(name: string): Promise<Detail> {
    return this.#json(pathOf(name, ''), 'row')
  }

  log(query: Readonly<Record<string, string>>): Promise<{ entries: LogEntry[] }> {
    return this.#json(`log?${new URLSearchParams(query)}`, 'entries')
  }

  session(): ReturnType<Source['session']> {
    return this.#json('session', 'process')
  }

  fleet(all: boolean): Promise<FleetSummary> {
    return this.#json(`fleet${all ? '?all=1' : ''}`, 'counts')
  }

  applied(id: string): Promise<Applied> {
    return this.#json(`operations/${encodeURIComponent(id)}`, 'id')
  }

  write<T = Result>(
    name: string,
    operation: Operation,
    body: Write,
    { version, dry = false }: { version?: string | undefined; dry?: boolean } = {},
  ): Promise<T> {
    return this.#json(
      pathOf(name, `/${operation}`, dry ? { dry: '1' } : {}),
      dry ? 'changed' : 'row',
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
        },
        body: JSON.stringify(body),
      },
    )
  }

  /** The events of one connection, until it ends. */
  async *events(after: string | undefined, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const query = after === undefined ? '' : `?${new URLSearchParams({ after })}`
    const { body } = await this.#ask(`events${query}`, { signal })
    if (body !== null) yield* parseEvents(body)
  }

  /** `part` is what an answer of an admin has. */
  async #json<T>(path: string, part: string, init: RequestInit = {}): Promise<T> {
    const response = await this.#ask(path, { signal: this.#io.interrupted, ...init })
    let answer: unknown
    try {
      answer = await response.json()
    } catch {
      throw this.#noAdmin('it sends no JSON')
    }
    const value: unknown = Object(answer)[part]
    // Lists have methods by such names.
    if (value === null || !['object', 'string'].includes(typeof value))
      throw this.#noAdmin(`its answer has no ${part}`)
    return answer as T
  }

  #noAdmin(why: string): CliError {
    const text = `What answers at ${this.url} is no admin of short-circuit: ${why}.`
    return new CliError(EXIT.failed, text)
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const { env, fetch } = this.#io
    this.#token ??= await readToken(this.#io)
    const headers = new Headers(init.headers)
    headers.set('short-circuit-client', 'command')
    if (this.#token !== '') headers.set('authorization', `Bearer ${this.#token}`)
    let response: Response
    try {
      response = await fetch(`${this.url}/api/v1/${path}`, { ...init, headers, redirect: 'error' })
    } catch (error) {
      if (this.#io.interrupted.aborted) throw new CliError(EXIT.interrupted, '')
      throw unreachable(this.url, error, env['SHORT_CIRCUIT_URL'] === undefined)
    }
    if (response.ok) return response
    throw await failure(response)
  }
}

async function readToken({ env, readFile }: Io): Promise<string> {
  const { SHORT_CIRCUIT_TOKEN: token, SHORT_CIRCUIT_TOKEN_FILE: file } = env
  if (token !== undefined) return token
  if (file === undefined) return ''
  try {
    return (await readFile(file)).trim()
  } catch {
    throw new CliError(EXIT.usage, `SHORT_CIRCUIT_TOKEN_FILE names ${file}, which can't be read.`)
  }
}

/** URL parsers fold some names away even when they are encoded. */
function pathOf(name: string, rest: string, query: Record<string, string> = {}): string {
  const strange = /[/\\%]/.test(name) || ['.', '..', '-'].includes(name)
  const segment = strange ? '-' : encodeURIComponent(name)
  const all = new URLSearchParams(strange ? { ...query, name } : query)
  return `breakers/${segment}${rest}${all.size === 0 ? '' : `?${all}`}`
}

function unreachable(url: string, error: unknown, isDefault: boolean): CliError {
  const { cause, message } = error as Error & { cause?: { code?: string } }
  const lines = [
    `Nothing answers at ${url} (${cause?.code ?? message}).`,
    `Is the service running, and the admin handler mounted there? In Kubernetes: kubectl port-forward deploy/NAME ${new URL(url).port || 9090}`,
  ]
  if (isDefault) lines.push('Set another address with --url or SHORT_CIRCUIT_URL.')
  return new CliError(EXIT.failed, lines.join('\n'))
}

async function failure(response: Response): Promise<CliError> {
  const { status } = response
  let problem: ProblemBody
  try {
    problem = (await response.json()) as ProblemBody
  } catch {
    return new CliError(
      EXIT.failed,
      `${response.url} answers ${status}, and not as an admin of short-circuit.`,
    )
  }
  const {
    code,
    detail = problem.title ?? `status ${status}`,
    hint,
    nearest = [],
    changed,
  } = problem
  if (code === 'ERR_ADMIN_UNKNOWN_BREAKER') {
    const meant = nearest[0] === undefined ? '' : ` Did you mean "${nearest[0]}"?`
    return new CliError(EXIT.unknown, detail + meant)
  }
  if (status === 401) {
    return new CliError(
      EXIT.forbidden,
      `${detail} Set SHORT_CIRCUIT_TOKEN or SHORT_CIRCUIT_TOKEN_FILE.`,
    )
  }
  if (status === 403) return new CliError(EXIT.forbidden, join(detail, hint))
  if (status === 412) {
    const who = changed?.by == null ? 'Somebody' : changed.by
    return new CliError(
      EXIT.changed,
      `${who} was faster: ${changed?.text ?? 'it has changed'}. Look again.`,
    )
  }
  if (status === 422) return new CliError(EXIT.usage, detail)
  return new CliError(EXIT.failed, join(detail, hint))
}

function join(...texts: readonly (string | undefined)[]): string {
  return texts.filter(Boolean).join(' ')
}

async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map(fieldOf))
      const event = fields.get('event')
      if (event !== undefined) yield { event, id: fields.get('id'), data: fields.get('data') ?? '' }
    }
  }
}

function fieldOf(line: string): [string, string] {
  const at = line.indexOf(': ')
  return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 2)]
}
