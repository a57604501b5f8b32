import { inject } from 'vitest'
import { describeFetch, fetchOfRequest } from '../adapters/fetch-rows.ts'
import { RemoteServer } from '../adapters/remote-server.ts'

const start = () => RemoteServer.start(inject('control'))
describeFetch('guardFetch in a browser', {}, start)
describeFetch('guardFetch of a Request in a browser', { fetch: fetchOfRequest }, start)
