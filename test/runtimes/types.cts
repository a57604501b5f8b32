import type { AxiosInstance, InternalAxiosRequestConfig } from 'axios'

import library = require('short-circuit')
import axiosAdapter = require('short-circuit/axios')
import testing = require('short-circuit/testing')

const breaker = new library.CircuitBreaker({ maxFailures: 3, clock: new testing.ManualClock() })
const length: (text: string) => Promise<number> = breaker(async (text: string) => text.length)

// @ts-expect-error -- a guarded function takes what the function takes
length(1).catch((error: unknown) => error instanceof library.CircuitOpenError && error.code)

// To the compiler, the types of axios for `require` are others than those for `import`.
declare const instance: AxiosInstance
const client: AxiosInstance = axiosAdapter.guardAxios(instance, new library.CircuitRegistry(), {
  key: (config, url) => config.baseURL ?? url.host,
})
const key = (config: InternalAxiosRequestConfig) => config.baseURL
axiosAdapter.guardAxios(instance, new library.CircuitRegistry(), { key })
client.get('/').catch(() => {})

// @ts-expect-error -- it is no instance of axios
axiosAdapter.guardAxios({ get: () => {} }, new library.CircuitRegistry())
