// Loaded before the Azurite that tests share, and only there. Tests let time pass several times as fast (ShiftedClock); the delay of a message that is
// sent for later would still be real seconds. In an account whose name ends with "xN" a sent message is hidden N times shorter. What a reader of the
// queue holds is hidden for as long as it says.
const Messages = require(require.resolve('azurite/dist/src/queue/persistence/LokiQueueMetadataStore.js', { paths: [process.argv[1]] })).default;

const { insertMessage } = Messages.prototype;

Messages.prototype.insertMessage = function (message, context) {
  const speed = /x(\d+)$/.exec(message.accountName);
  const sent = message.insertionTime.getTime();
  return insertMessage.call(this, speed === null ? message
    : { ...message, timeNextVisible: new Date(sent + (message.timeNextVisible.getTime() - sent) / Number(speed[1])) }, context);
};
