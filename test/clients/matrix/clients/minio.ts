import type { Client } from '../client.ts'
import { HttpUpstream } from '../upstream.ts'

const LIST = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents>
<Key>a</Key><Size>1</Size><ETag>"1"</ETag><LastModified>2020-01-01T00:00:00.000Z</LastModified>
</Contents></ListBucketResult>`

export const minio: Client = {
  name: 'MinIO',
  packages: ['minio'],
  guarded: 'protect(new Client(…), breaker)',
  trap: 'lists are streams: they are calls until they end',
  methods: ['statObject', 'getObject', 'listObjectsV2'],
  cancelledBy: 'nothing',
  async connect({ protect }) {
    const { Client } = await import('minio')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response) => {
        response.setHeader('etag', '"1"')
        response.setHeader('last-modified', 'Wed, 01 Jan 2020 00:00:00 GMT')
        response.end(url?.includes('list-type') ? LIST : 'hello')
      },
    })
    const client = protect(
      new Client({
        endPoint: '127.0.0.1',
        port: upstream.port,
        useSSL: false,
        accessKey: 'id',
        secretKey: 'secret-of-this',
        region: 'us-east-1',
        retryOptions: { disableRetry: true },
      }),
    )
    const readAll = async (stream: AsyncIterable<unknown>) => {
      const items: unknown[] = []
      for await (const item of stream) items.push(item)
      return items
    }
    return {
      upstream,
      uses: {
        statObject: () => client.statObject('bucket', 'a'),
        getObject: async () => readAll(await client.getObject('bucket', 'a')),
        'for await of a list': () => readAll(client.listObjectsV2('bucket')),
        'the events of a list': () =>
          new Promise((resolve, reject) => {
            const names: unknown[] = []
            client
              .listObjectsV2('bucket')
              .on('data', ({ name }) => names.push(name))
              .on('error', reject)
              .on('end', () => resolve(names))
          }),
      },
    }
  },
}
