// A loop over an SQS queue, until its signal is aborted: nothing is received while it would be rejected.
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { type CircuitBreaker, isCircuitOpenError } from 'short-circuit'

export async function consume(
  sqs: SQSClient,
  QueueUrl: string,
  breaker: CircuitBreaker,
  handle: (message: Message, signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const handleOne = async (message: Message) => {
    const { ReceiptHandle } = message
    try {
      await breaker.run((own) => handle(message, own), { signal })
    } catch (error) {
      if (!isCircuitOpenError(error)) return // it comes back when its visibility timeout is over
      const VisibilityTimeout = Math.ceil((error.retryAfter ?? 0) / 1_000)
      await sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }),
      )
      return
    }
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
  }

  const receive = async () => {
    await breaker.whenReady({ signal })
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }),
      { abortSignal: signal },
    )
    await Promise.all(Messages.map(handleOne))
  }

  while (!signal.aborted) {
    await receive().catch((error) => {
      if (!signal.aborted) throw error
    })
  }
}
