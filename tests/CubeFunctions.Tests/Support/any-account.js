// Loaded before the Azurite that tests share, and only there. Azurite takes its accounts from one environment variable, which holds some 2,000; a whole
// run of all tests uses more. Here each account whose name begins with "test" exists, with the key of the account "test".
const Accounts = require(require.resolve('azurite/dist/src/common/AccountDataStore.js', { paths: [process.argv[1]] })).default;

const { getAccount } = Accounts.prototype;

Accounts.prototype.getAccount = function (name) {
  const template = name.startsWith('test') ? getAccount.call(this, 'test') : undefined;
  return template === undefined ? getAccount.call(this, name) : { ...template, name };
};
