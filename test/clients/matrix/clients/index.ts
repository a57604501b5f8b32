import type { Client } from '../client.ts'
import { anthropic } from './anthropic.ts'
import { axiosFetch, axiosHttp } from './axios.ts'
import { elasticsearch } from './elasticsearch.ts'
import { got } from './got.ts'
import { graphqlRequest } from './graphql-request.ts'
import { ky } from './ky.ts'
import { needle } from './needle.ts'
import { nodeFetch } from './node-fetch.ts'
import { octokit } from './octokit.ts'
import { openai } from './openai.ts'
import { stripe } from './stripe.ts'
import { superagent } from './superagent.ts'
import { undici } from './undici.ts'

export const clients: readonly Client[] = [
  undici,
  axiosHttp,
  axiosFetch,
  got,
  ky,
  nodeFetch,
  needle,
  superagent,
  openai,
  anthropic,
  stripe,
  octokit,
  graphqlRequest,
  elasticsearch,
]
