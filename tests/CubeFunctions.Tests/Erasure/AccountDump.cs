using System.Text;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using CubeFunctions.Core.Storage;
using CubeFunctions.Tests.Support;
using Xunit;

namespace CubeFunctions.Tests.Erasure;

/// <summary>
/// Everything that a storage account holds: blobs with their snapshots and what Azurite still shows of deleted ones, rows, queue messages.
/// </summary>
internal sealed class AccountDump
{
    /// <summary>Content by container and name.</summary>
    public Dictionary<string, byte[]> Blobs { get; } = [];

    /// <summary>Rows and messages, each as one line of all their values.</summary>
    public List<string> Lines { get; } = [];

    public static async Task<AccountDump> OfAsync(TestApp app)
    {
        var dump = new AccountDump();
        var cancellationToken = TestContext.Current.CancellationToken;
        var blobs = app.Storage.Raw.GetParentBlobServiceClient();
        await foreach (var container in blobs.GetBlobContainersAsync(cancellationToken: cancellationToken))
        {
            var client = blobs.GetBlobContainerClient(container.Name);
            await foreach (
                var blob in client.GetBlobsAsync(BlobTraits.All, BlobStates.Snapshots | BlobStates.Uncommitted, null, cancellationToken)
            )
            {
                Assert.True(
                    blob.Properties.ContentLength is not null && blob.Snapshot is null,
                    $"{blob.Name} is uncommitted, or a snapshot"
                );
                var name = $"{container.Name}/{blob.Name}";
                dump.Blobs[name] = (await client.GetBlobClient(blob.Name).DownloadContentAsync(cancellationToken)).Value.Content.ToArray();
                dump.Lines.Add($"{name} {string.Join(' ', blob.Metadata)}");
            }
        }

        foreach (
            var table in new[]
            {
                app.Storage.Runs,
                app.Storage.Checkpoints,
                app.Storage.Upserts,
                app.Storage.Customers,
                app.Storage.Changes,
            }
        )
        {
            await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: cancellationToken))
            {
                dump.Lines.Add(
                    $"{table.Name} {string.Join(' ', row.Select(column => $"{column.Key}={(column.Value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : column.Value)}"))}"
                );
            }
        }

        foreach (var queue in StorageNames.Queues)
        {
            dump.Lines.AddRange(
                (await app.Storage.Queue(queue).PeekMessagesAsync(32, cancellationToken)).Value.Select(message => $"{queue} {message.Body}")
            );
        }

        return dump;
    }

    /// <summary>Where any of these texts stands: as it is, or as JSON may escape it.</summary>
    public List<string> Find(IEnumerable<string> texts)
    {
        var forms = texts.SelectMany(Forms).Distinct().Select(Encoding.UTF8.GetBytes).ToList();
        bool Holds(ReadOnlySpan<byte> bytes)
        {
            foreach (var form in forms)
            {
                if (bytes.IndexOf(form) >= 0)
                {
                    return true;
                }
            }

            return false;
        }

        return
        [
            .. Blobs.Where(blob => Holds(blob.Value)).Select(blob => blob.Key),
            .. Lines.Where(line => Holds(Encoding.UTF8.GetBytes(line))),
        ];
    }

    private static IEnumerable<string> Forms(string text)
    {
        string Escaped(string format) =>
            string.Concat(text.Select(letter => letter < 0x80 ? $"{letter}" : "\\u" + ((int)letter).ToString(format)));
        return [text, Escaped("x4"), Escaped("X4"), Uri.EscapeDataString(text)];
    }
}
