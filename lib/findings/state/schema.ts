/**
 * The state table as plain data: the template and the tests make it from this. Source: Amazon DynamoDB Developer
 * Guide, "Using Global Secondary Indexes", "Take advantage of sparse indexes", "Using time to live (TTL)".
 */

type Attribute = 'pk' | 'sk' | 'open' | 'partOf';

type Index = {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection: { readonly ProjectionType: 'KEYS_ONLY' };
};
type KeyElement = {
  readonly AttributeName: Attribute;
  readonly KeyType: 'HASH' | 'RANGE';
};

export const indexNames = { open: 'open', parts: 'parts' } as const;

/** The sort key of an entry; other kinds of items have others. */
export const entrySortKey = 'entry';

export const expiryAttribute = 'expires';

/**
 * `pk` is a finding's id. Both indexes are sparse: an item without their hash key is not in them. They hold keys
 * alone: then they are written when an entry enters or leaves them, and not with each of its writes, which are many
 * and large. Whoever reads a page of them gets the entries by BatchGetItem, which is a call more for a hundred.
 */
export const table = {
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
    // `<account>/<Region>` of an entry about which something is left to do.
    { AttributeName: 'open', AttributeType: 'S' },
    // The ARN of what the resource is part of, while its finding is not archived.
    { AttributeName: 'partOf', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [index(indexNames.open, 'open'), index(indexNames.parts, 'partOf')],
  TimeToLiveSpecification: { AttributeName: expiryAttribute, Enabled: true },
} as const satisfies {
  readonly AttributeDefinitions: readonly {
    readonly AttributeName: Attribute;
    readonly AttributeType: 'S';
  }[];
  readonly KeySchema: readonly KeyElement[];
  readonly GlobalSecondaryIndexes: readonly Index[];
  readonly TimeToLiveSpecification: { readonly AttributeName: string; readonly Enabled: true };
};

/**
 * The stream from which transitions are published: each write, with the entry as it was and as it is.
 * Source: Amazon DynamoDB Developer Guide, "Change data capture for DynamoDB Streams".
 */
export const streamSpecification = { StreamViewType: 'NEW_AND_OLD_IMAGES' } as const;

/**
 * The IAM actions that Lambda needs to read it: on the stream, and one that is of no resource.
 * Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB"; Service Authorization Reference.
 */
export const streamPermissions = {
  stream: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
  all: ['dynamodb:ListStreams'],
} as const;

/** The IAM actions that the state table requires: on the table, and on its indexes. TransactWriteItems has none of its own. */
export const stateTablePermissions = {
  table: ['dynamodb:BatchGetItem', 'dynamodb:PutItem'],
  indexes: ['dynamodb:Query'],
} as const;

function index(name: string, hash: Attribute): Index {
  return {
    IndexName: name,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: 'pk', KeyType: 'RANGE' },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' },
  };
}
