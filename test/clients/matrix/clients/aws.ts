import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const settings = (endpoint: string) => ({
  endpoint,
  region: 'local',
  credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  maxAttempts: 1,
})

const cancel = (signal?: AbortSignal) => (signal === undefined ? {} : { abortSignal: signal })

const listOf = (more: boolean) => `<?xml version="1.0"?><ListBucketResult>
<IsTruncated>${more}</IsTruncated><NextContinuationToken>${more ? 'next' : ''}</NextContinuationToken>
<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>`

export const s3: Client = {
  name: 'AWS S3',
  packages: ['@aws-sdk/client-s3'],
  guarded: "protect(new S3Client(…), breaker, { methods: ['send'] })",
  trap: 'one call for all of its retries; a callback is guarded because `send` is listed',
  methods: ['send'],
  paginates: true,
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { GetObjectCommand, ListObjectsV2Command, paginateListObjectsV2, S3Client } =
      await import('@aws-sdk/client-s3')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response) => {
        const isList = url?.includes('list-type')
        response.writeHead(200, { 'content-type': isList ? 'application/xml' : 'text/plain' })
        const more = url?.includes('max-keys') && !url.includes('continuation-token')
        response.end(isList ? listOf(more === true) : 'hello')
      },
      beginning: { type: 'text/plain', text: 'hel' },
    })
    const real = new S3Client({ ...settings(upstream.url), forcePathStyle: true })
    const client = protect(real, { methods: ['send'] })
    const object = { Bucket: 'b', Key: 'a' }
    return {
      upstream,
      uses: {
        'a body': async (signal) => {
          const { Body } = await client.send(new GetObjectCommand(object), cancel(signal))
          return Body?.transformToString()
        },
        'a command': (signal) =>
          client.send(new ListObjectsV2Command({ Bucket: 'b' }), cancel(signal)),
        'a callback': () =>
          new Promise((resolve, reject) => {
            const command = new ListObjectsV2Command({ Bucket: 'b' })
            client.send(command, (error, output) => (error ? reject(error) : resolve(output)))
          }),
        'a paginator': async () => {
          const keys: unknown[] = []
          for await (const page of paginateListObjectsV2({ client }, { Bucket: 'b' })) {
            keys.push(page.Contents?.[0]?.Key)
          }
          return keys
        },
      },
      pages: {
        'a paginator': async () => {
          const pages = paginateListObjectsV2({ client, pageSize: 1 }, { Bucket: 'b' })
          for await (const _ of pages);
        },
      },
      close: () => real.destroy(),
    }
  },
}

export const dynamoDB: Client = {
  name: 'AWS DynamoDB, document client',
  packages: ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb'],
  guarded: 'protect(DynamoDBDocumentClient.from(client), breaker)',
  trap: 'guard the document client, not the one that it is created from; throttling is an error with status 400',
  methods: ['send'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb')
    const { DynamoDBDocumentClient, GetCommand, paginateScan } = await import(
      '@aws-sdk/lib-dynamodb'
    )
    const upstream = await HttpUpstream.start({
      answer: (_, response) => json(response, 200, { Item: { id: { S: '1' } }, Items: [] }),
    })
    const real = new DynamoDBClient(settings(upstream.url))
    const client = protect(DynamoDBDocumentClient.from(real))
    return {
      upstream,
      uses: {
        'a command': (signal) =>
          client.send(new GetCommand({ TableName: 't', Key: { id: '1' } }), cancel(signal)),
        'a paginator': async () => {
          const items: unknown[] = []
          for await (const page of paginateScan({ client }, { TableName: 't' }))
            items.push(page.Items)
          return items
        },
      },
      close: () => real.destroy(),
    }
  },
}
