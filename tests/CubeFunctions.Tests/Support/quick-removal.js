// Loaded before the Azurite that tests share, and only there. At every receive, update and delete of a message Azurite removes what has expired, which is nothing as a rule, and Loki, its
// database, answers any removal or update of a list by sorting four indexes of all messages anew; so does the removal of each single extent. With some
// thousand messages in a queue that is all that Azurite does. Here nothing is removed by doing nothing, and few by the way Loki has for one, which keeps
// the indexes.
const { dirname } = require('node:path');
const Loki = require(require.resolve('lokijs', { paths: [dirname(process.argv[1])] }));

const FEW = 40;
const collection = Object.getPrototypeOf(new Loki('unused', { adapter: new Loki.LokiMemoryAdapter() }).addCollection('unused'));
const { removeBatch, removeBatchByPositions, update, findOne } = collection;

collection.removeBatch = function (batch) {
  return batch.length === 0 ? undefined : removeBatch.call(this, batch);
};

collection.removeBatchByPositions = function (positions) {
  return positions.length === 0 ? undefined
    : positions.length === 1 ? void this.remove(this.data[positions[0]])
    : removeBatchByPositions.call(this, positions);
};

// Loki takes the members of a query in their order, and Azurite names account and container first: each write of a blob looks at all blobs that there
// are. Of one name there are few.
collection.findOne = function (query) {
  return findOne.call(this, query?.name === undefined ? query : { name: query.name, ...query });
};

collection.update = function (changed) {
  return Array.isArray(changed) && changed.length <= FEW ? void changed.forEach(one => update.call(this, one)) : update.call(this, changed);
};
