using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage.Blobs;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>
/// The least that anything in .NET must do with the same pages: bare GET requests, 8 at once, and what <see cref="FloorMode"/> says. A
/// process of its own, like the product.
/// </summary>
internal static class FloorRunner
{
    public const string Verb = "floor";
    private const int AtOnce = 8;
    private const string First = "first";
    private const string Second = "second";

    public static async Task<int> RunAsync(FloorOrder order)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(order.BaseUrl) };
        http.DefaultRequestHeaders.Add("Authorization", "Token none");
        http.DefaultRequestHeaders.Add("Accept", "application/json");
        await http.GetByteArrayAsync(new Uri("/campaigns", UriKind.Relative));

        // A floor that stores nothing does not pay for the SDK.
        var container = order.Mode is FloorMode.Upload or FloorMode.Keep
            ? new BlobServiceClient(order.Storage).GetBlobContainerClient("floor")
            : null;
        if (order.Mode == FloorMode.Upload)
        {
            await container!.CreateIfNotExistsAsync();
        }

        var (pages, bytes) = (0, 0L);
        var options = new ParallelOptions { MaxDegreeOfParallelism = order.Mode == FloorMode.Follow ? 1 : AtOnce };
        await Parallel.ForEachAsync(
            order.Tenant.Addresses(order.Today).Index(),
            options,
            async (one, token) =>
            {
                using var response = await http.GetAsync(
                    new Uri(one.Item, UriKind.Relative),
                    HttpCompletionOption.ResponseHeadersRead,
                    token
                );
                response.EnsureSuccessStatusCode();
                using var page = new PageBuffer((int)response.Content.Headers.ContentLength!.Value + 1);
                await using var body = await response.Content.ReadAsStreamAsync(token);
                for (int read; (read = await body.ReadAsync(page.GetMemory(1), token)) > 0;)
                {
                    page.Advance(read);
                }

                Interlocked.Increment(ref pages);
                Interlocked.Add(ref bytes, page.Written.Length);
                if (order.Mode is FloorMode.Hash or FloorMode.Keep)
                {
                    _ = SHA256.HashData(page.Written.Span);
                }

                if (order.Mode == FloorMode.Upload)
                {
                    await Blob(First, one.Index).UploadAsync(BinaryData.FromBytes(page.Written), token);
                }
                else if (order.Mode == FloorMode.Keep && order.Tenant.IsChanged((one.Index % order.Tenant.Pages) + 1, 0))
                {
                    await Blob(Second, one.Index).UploadAsync(BinaryData.FromBytes(page.Written), token);
                }
                else if (order.Mode == FloorMode.Keep)
                {
                    await Blob(Second, one.Index).StartCopyFromUriAsync(Blob(First, one.Index).Uri, cancellationToken: token);
                }
            }
        );
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new FloorReport(pages, bytes), CompareJson.Default.FloorReport));
        return 0;

        BlobClient Blob(string folder, int index) =>
            container!.GetBlobClient(string.Create(CultureInfo.InvariantCulture, $"{folder}/page-{index:D6}.json"));
    }
}
