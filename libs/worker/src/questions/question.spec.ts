import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { ContextMisuseError } from '../errors.ts';
import { prepareQuestions } from './question.ts';
import type { AnswersTo, PreparedQuestion, Question } from './question.ts';
import type { CreateMessageParams } from './sampling.ts';

const message = 'Who are you?';
const person = z.object({ name: z.string().min(1), age: z.coerce.number().optional() });
const hello = { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Hi' } }], maxTokens: 5 };
const use = { role: 'assistant', content: [{ type: 'tool_use', id: '1', name: 'add', input: {} }] };
const resultOf = (toolUseId: string) => ({ type: 'tool_result', toolUseId, content: [] });
const conversation = {
  messages: [...hello.messages, use, { role: 'user', content: [resultOf('1')] }],
  maxTokens: 5,
  tools: [],
} as unknown as CreateMessageParams;

function prepare(question: Question): PreparedQuestion {
  return prepareQuestions({ key: question }).get('key') as PreparedQuestion;
}

function formOf(schema: StandardSchemaV1): unknown {
  return prepare({ elicit: { message, schema } }).request.params.requestedSchema;
}

function field(schema: z.ZodType): unknown {
  return (formOf(z.object({ field: schema })) as { properties: { field: unknown } }).properties.field;
}

describe('a question on the wire', () => {
  it.each<[string, Question, PreparedQuestion['request'], object]>([
    [
      'a form',
      { elicit: { message, schema: person } },
      {
        method: 'elicitation/create',
        params: {
          mode: 'form',
          message,
          requestedSchema: {
            type: 'object',
            properties: { name: { type: 'string', minLength: 1 }, age: { type: 'number' } },
            required: ['name'],
          },
        },
      },
      { elicitation: { form: {} } },
    ],
    [
      'a URL',
      { elicit: { message, url: 'https://orders.example/connect' } },
      { method: 'elicitation/create', params: { mode: 'url', message, url: 'https://orders.example/connect' } },
      { elicitation: { url: {} } },
    ],
    ['sampling', { sample: hello }, { method: 'sampling/createMessage', params: hello }, { sampling: {} }],
    [
      'sampling with tools',
      { sample: { ...hello, tools: [] } },
      { method: 'sampling/createMessage', params: { ...hello, tools: [] } },
      { sampling: { tools: {} } },
    ],
    [
      'sampling with a choice of tools',
      { sample: { ...hello, toolChoice: {} } },
      { method: 'sampling/createMessage', params: { ...hello, toolChoice: {} } },
      { sampling: { tools: {} } },
    ],
    [
      'sampling with the context of the server',
      { sample: { ...hello, includeContext: 'thisServer' } },
      { method: 'sampling/createMessage', params: { ...hello, includeContext: 'thisServer' } },
      { sampling: { context: {} } },
    ],
    [
      'sampling that goes on with the result of a tool',
      { sample: conversation },
      { method: 'sampling/createMessage', params: { ...conversation } },
      { sampling: { tools: {} } },
    ],
    ['roots', { listRoots: true }, { method: 'roots/list', params: {} }, { roots: {} }],
  ])(
    'is the request of the specification, and says what the client needs: %s',
    (_what, question, request, requires) => {
      expect(prepare(question)).toMatchObject({ request, requires });
      expect(prepare(question).request).toEqual(request);
    },
  );

  it.each<[string, z.ZodType, object]>([
    [
      'a text',
      z.string().min(2).max(9).describe('d'),
      { type: 'string', minLength: 2, maxLength: 9, description: 'd' },
    ],
    ['a format that forms know, without its pattern', z.email(), { type: 'string', format: 'email' }],
    ['a format that they do not know', z.uuid(), { type: 'string' }],
    ['a whole number', z.int().min(1).max(5), { type: 'integer', minimum: 1, maximum: 5 }],
    ['a bound that forms cannot say', z.number().gt(0), { type: 'number' }],
    ['a default', z.boolean().default(true), { type: 'boolean', default: true }],
    ['choices', z.enum(['a', 'b']), { type: 'string', enum: ['a', 'b'] }],
    ['a single choice', z.literal('a'), { type: 'string', enum: ['a'] }],
    [
      'choices with titles',
      z.union([z.literal('r').meta({ title: 'Red' }), z.literal('g')]),
      {
        type: 'string',
        oneOf: [
          { const: 'r', title: 'Red' },
          { const: 'g', title: 'g' },
        ],
      },
    ],
    [
      'several choices',
      z.array(z.enum(['a', 'b'])).min(1),
      { type: 'array', minItems: 1, items: { type: 'string', enum: ['a', 'b'] } },
    ],
    [
      'several choices with titles',
      z.array(z.union([z.literal('r').meta({ title: 'Red' }), z.literal('g').meta({ title: 'Green' })])),
      {
        type: 'array',
        items: {
          anyOf: [
            { const: 'r', title: 'Red' },
            { const: 'g', title: 'Green' },
          ],
        },
      },
    ],
  ])('shows a field in the words that forms have (§Requested Schema): %s', (_what, schema, expected) => {
    expect(field(schema)).toEqual(expected);
  });

  it('takes a JSON Schema beside the schema, for libraries that do not convert', () => {
    const schema = { '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) } } as const;
    const requestedSchema = { type: 'object', properties: { a: { type: 'string', pattern: '^a' } } };
    const { request } = prepare({ elicit: { message, schema, requestedSchema } });
    expect(request.params.requestedSchema).toEqual({ type: 'object', properties: { a: { type: 'string' } } });
    expect(() => formOf(schema)).toThrow(/does not convert itself to JSON Schema: .*`requestedSchema`/);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['no known question', { key: { elicitation: {} } }, /"key" \(elicitation\) is none of/],
    ['no key', { '': { listRoots: true } }, /has the key ""/],
    ['a key of 129 characters', { ['a'.repeat(129)]: { listRoots: true } }, /1 to 128/],
    ['a control character in the key', { 'a\n': { listRoots: true } }, /1 to 128/],
    ['a URL that is none', { key: { elicit: { message, url: 'connect' } } }, /"key" has a url that is none/],
    ['a form of no object', { key: { elicit: { message, schema: z.string() } } }, /"key" needs a schema of an object/],
    [
      'a nested field',
      { key: { elicit: { message, schema: z.object({ deep: z.object({}) }) } } },
      /the field "deep", which no form can show/,
    ],
    [
      'a list of anything',
      { key: { elicit: { message, schema: z.object({ list: z.array(z.string()) }) } } },
      /the field "list", which no form can show/,
    ],
    [
      'results of tools among other content',
      {
        key: {
          sample: {
            messages: [use, { role: 'user', content: [resultOf('1'), hello.messages[0]?.content] }],
            maxTokens: 5,
          },
        },
      },
      /results of tools stand alone/,
    ],
    [
      'the use of a tool without its result',
      { key: { sample: { messages: [use, hello.messages[0]], maxTokens: 5 } } },
      /followed by its result/,
    ],
    [
      'the result of another use',
      { key: { sample: { messages: [use, { role: 'user', content: resultOf('2') }], maxTokens: 5 } } },
      /followed by its result/,
    ],
    ['the use of a tool at the end', { key: { sample: { messages: [use], maxTokens: 5 } } }, /followed by its result/],
  ])('is refused as a fault of the handler: %s', (_what, questions, sentence) => {
    const prepared = () => prepareQuestions(questions as Record<string, Question>);
    expect(prepared).toThrow(ContextMisuseError);
    expect(prepared).toThrow(sentence);
  });
});

describe('an answer', () => {
  const form: Question = { elicit: { message, schema: person } };
  const url: Question = { elicit: { message, url: 'https://orders.example' } };
  const text = { type: 'text', text: 'Paris' };
  const sampled = { role: 'assistant', content: text, model: 'm', stopReason: 'endTurn', _meta: { a: 1 } };
  const roots = [{ uri: 'file:///home', name: 'Home' }];

  it.each<[string, Question, unknown, unknown]>([
    [
      'an accepted form, as the schema gives it out',
      form,
      { action: 'accept', content: { name: 'Ada', age: '36', more: 1 } },
      { action: 'accept', content: { name: 'Ada', age: 36 } },
    ],
    ['a declined form', form, { action: 'decline', content: { name: 1 } }, { action: 'decline' }],
    ['a form that was closed', form, { action: 'cancel' }, { action: 'cancel' }],
    ['consent to a URL', url, { action: 'accept', content: { token: 'never here' } }, { action: 'accept' }],
    ['a declined URL', url, { action: 'decline' }, { action: 'decline' }],
    ['what a model said', { sample: hello }, sampled, sampled],
    ['several blocks', { sample: hello }, { ...sampled, content: [text, text] }, { ...sampled, content: [text, text] }],
    [
      'use of a tool',
      { sample: hello },
      { ...sampled, content: [{ type: 'tool_use', id: '1', name: 'add', input: {} }] },
      { ...sampled, content: [{ type: 'tool_use', id: '1', name: 'add', input: {} }] },
    ],
    ['roots', { listRoots: true }, { roots }, roots],
    ['no roots', { listRoots: true }, { roots: [] }, []],
  ])('is read: %s', async (_what, question, response, answer) => {
    expect(await prepare(question).read(response)).toEqual({ answer });
  });

  it.each<[string, Question, unknown]>([
    ['a number for a form', form, 12_345],
    ['null', form, null],
    ['an unknown action', form, { action: 'maybe' }],
    ['accepted without content', form, { action: 'accept' }],
    ['a content that does not fit the schema', form, { action: 'accept', content: { name: '' } }],
    ['a list of contents', form, { action: 'accept', content: [] }],
    ['the answer to another kind of question', form, sampled],
    ['a URL without action', url, {}],
    ['a message without model', { sample: hello }, { role: 'assistant', content: text }],
    ['a message of another role', { sample: hello }, { ...sampled, role: 'system' }],
    ['an unknown block', { sample: hello }, { ...sampled, content: [{ type: 'video' }] }],
    ['a block without text', { sample: hello }, { ...sampled, content: { type: 'text' } }],
    ['roots that are no list', { listRoots: true }, { roots: {} }],
    ['a root that is no file', { listRoots: true }, { roots: [{ uri: 'https://a.example' }] }],
  ])('is none, and is asked again: %s', async (_what, question, response) => {
    expect(await prepare(question).read(response)).toBeUndefined();
  });

  it('has the type that its question promises', () => {
    interface Asked extends Record<string, Question> {
      who: { elicit: { message: string; schema: typeof person } };
      page: { elicit: { message: string; url: string } };
      said: { sample: typeof hello };
      where: { listRoots: true };
    }
    type Answers = AnswersTo<Asked>;
    expectTypeOf<Extract<Answers['who'], { action: 'accept' }>['content']>().toEqualTypeOf<z.output<typeof person>>();
    expectTypeOf<Answers['page']['action']>().toEqualTypeOf<'accept' | 'decline' | 'cancel'>();
    expectTypeOf<Answers['said']['model']>().toEqualTypeOf<string>();
    expectTypeOf<Answers['where'][number]['uri']>().toEqualTypeOf<string>();
  });
});
