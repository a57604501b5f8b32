import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { dashboard } from './dashboard.ts'
import { pageResponse } from './page-response.ts'

const ask = (headers: Record<string, string> = {}) =>
  pageResponse(new Request('http://localhost/', { headers }), { 'x-common': 'yes' })

describe('the page', () => {
  it('comes as it is to who takes no compression, with its policy and what is common', async () => {
    for (const encoding of ['', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.0, br']) {
      const answer = await ask(encoding === '' ? {} : { 'accept-encoding': encoding })

      expect(answer.headers.get('content-encoding')).toBeNull()
      expect(await answer.text()).toBe(dashboard.html)
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'cache-control': 'no-cache',
        'content-security-policy': dashboard.policy,
        'content-type': 'text/html; charset=utf-8',
        vary: 'accept, accept-encoding',
        'x-common': 'yes',
      })
    }
  })

  it.each(['gzip', 'br, gzip;q=0.5', 'deflate, GZIP'])(
    'is compressed for who takes %s',
    async (encoding) => {
      const answer = await ask({ 'accept-encoding': encoding })

      expect(answer.headers.get('content-encoding')).toBe('gzip')
      const bytes = new Uint8Array(await answer.arrayBuffer())
      expect(gunzipSync(bytes).toString()).toBe(dashboard.html)
    },
  )

  it('is not sent again to who has it', async () => {
    const tag = (await ask()).headers.get('etag') ?? ''

    for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
      const answer = await ask({ 'if-none-match': known })
      expect([answer.status, await answer.text()]).toEqual([304, ''])
      expect(answer.headers.get('content-security-policy')).toBe(dashboard.policy)
    }
    expect((await ask({ 'if-none-match': '"other"' })).status).toBe(200)
  })
})
