import { vi } from 'vitest'

/** What takes the place of the network: it does what it is told, and notes which requests were ended. */
export class Upstream {
  behaviour: 'answer' | 'fail' | 'miss' | 'refuse' | 'hang' = 'answer'
  requests = 0
  /** Requests whose signal was aborted. */
  ended = 0
  readonly #hanging: ((response: Response) => void)[] = []

  /** Replaces `fetch` until the stubs of globals are removed. */
  install(): void {
    vi.stubGlobal('fetch', (url: string, init?: RequestInit) => this.#request(url, init))
  }

  /** Lets the requests that hang have an answer, the oldest first. */
  release(count: number = this.#hanging.length, status = 200): void {
    for (const answer of this.#hanging.splice(0, count)) answer(response(status))
  }

  async #request(url: string, init?: RequestInit): Promise<Response> {
    this.requests++
    init?.signal?.throwIfAborted()
    if (this.behaviour !== 'hang') return response(STATUS[this.behaviour], url)
    return new Promise((resolve, reject) => {
      this.#hanging.push(resolve)
      init?.signal?.addEventListener('abort', () => {
        this.ended++
        reject(init.signal?.reason)
      })
    })
  }
}

const STATUS = { answer: 200, fail: 500, miss: 404, refuse: 400 }

function response(status: number, url = ''): Response {
  return Response.json({ sku: url.match(/\/(\w+)\?/)?.[1] ?? '', amount: 12 }, { status })
}
