import { utcNow } from '../../core/clock.ts';
import { describe } from '../../core/errors.ts';

/** A text message that the tenant has sent to a phone. */
interface TextMessage {
  readonly to: string;
  readonly at: string;
  readonly text: string;
}

/** Whoever is told of a message is given up after this, in milliseconds. */
const PATIENCE_MS = 5000;

/** The text messages that the tenant has sent. Each is also posted to the webhook, when there is one. */
export class TextMessages extends Array<TextMessage> {
  /** What is chosen out of the messages is a plain list. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** An address on loopback that stands in for a gateway of text messages. */
  webhook: string | undefined;

  override push(...messages: TextMessage[]): number {
    for (const message of messages) void this.#forward(message);
    return super.push(...messages);
  }

  async #forward({ to, text, at }: TextMessage): Promise<void> {
    if (this.webhook === undefined) return;
    try {
      const response = await fetch(this.webhook, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ to, text, at }),
        signal: AbortSignal.timeout(PATIENCE_MS),
        redirect: 'error',
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answered with status ${response.status}`);
    } catch (error) {
      process.stderr.write(`${utcNow()} tenant: a text message was not taken: ${describe(error)}\n`);
    }
  }
}
