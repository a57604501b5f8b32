import type { Client } from '../client.ts'
import { axiosFetch, axiosHttp } from './axios.ts'
import { got } from './got.ts'
import { ky } from './ky.ts'
import { nodeFetch } from './node-fetch.ts'
import { undici } from './undici.ts'

export const clients: readonly Client[] = [undici, axiosHttp, axiosFetch, got, ky, nodeFetch]
