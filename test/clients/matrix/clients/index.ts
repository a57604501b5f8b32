import type { Client } from '../client.ts'
import { anthropic } from './anthropic.ts'
import { dynamoDB, s3 } from './aws.ts'
import { axiosFetch, axiosHttp } from './axios.ts'
import { azureBlob } from './azure.ts'
import { bullmq } from './bullmq.ts'
import { clickhouse } from './clickhouse.ts'
import { connect } from './connect.ts'
import { elasticsearch } from './elasticsearch.ts'
import { globalFetch, nodeFetch } from './fetch.ts'
import { googleGenAI } from './google-genai.ts'
import { got } from './got.ts'
import { graphqlRequest } from './graphql-request.ts'
import { grpc } from './grpc.ts'
import { honoClient } from './hono.ts'
import { ky } from './ky.ts'
import { meilisearch } from './meilisearch.ts'
import { minio } from './minio.ts'
import { needleCallbacks, needlePromises } from './needle.ts'
import { nestHttpService } from './nest.ts'
import { nodemailer } from './nodemailer.ts'
import { octokit } from './octokit.ts'
import { ofetch } from './ofetch.ts'
import { openai } from './openai.ts'
import { opensearch } from './opensearch.ts'
import { sendgrid } from './sendgrid.ts'
import { slack } from './slack.ts'
import { stripe } from './stripe.ts'
import { supabase } from './supabase.ts'
import { superagent } from './superagent.ts'
import { trpc } from './trpc.ts'
import { undici7, undici8 } from './undici.ts'
import { wretch } from './wretch.ts'

export const clients: readonly Client[] = [
  globalFetch,
  nodeFetch,
  ofetch,
  wretch,
  undici8,
  undici7,
  axiosHttp,
  axiosFetch,
  got,
  ky,
  needlePromises,
  needleCallbacks,
  superagent,
  nestHttpService,
  openai,
  anthropic,
  googleGenAI,
  stripe,
  octokit,
  graphqlRequest,
  trpc,
  grpc,
  connect,
  honoClient,
  supabase,
  elasticsearch,
  opensearch,
  meilisearch,
  clickhouse,
  s3,
  dynamoDB,
  azureBlob,
  minio,
  nodemailer,
  sendgrid,
  slack,
  bullmq,
]
