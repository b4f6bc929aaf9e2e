using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Azure.Storage.Blobs;

namespace CubeFunctions.Benchmarks.Compare;

/// <summary>
/// The least that anything in .NET must do with the same pages: bare GET requests, 8 at once, and one upload each. A process of its own,
/// like the product.
/// </summary>
internal static class FloorRunner
{
    public const string Verb = "floor";
    private const int AtOnce = 8;

    public static async Task<int> RunAsync(FloorOrder order)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(order.BaseUrl) };
        http.DefaultRequestHeaders.Add("Authorization", "Token none");
        http.DefaultRequestHeaders.Add("Accept", "application/json");
        await http.GetByteArrayAsync(new Uri("/campaigns", UriKind.Relative));
        var container = order.Mode == FloorMode.Upload ? new BlobServiceClient(order.Storage).GetBlobContainerClient("floor") : null;
        if (container is not null)
        {
            await container.CreateIfNotExistsAsync();
        }

        var (pages, bytes) = (0, 0L);
        var options = new ParallelOptions { MaxDegreeOfParallelism = order.Mode == FloorMode.Follow ? 1 : AtOnce };
        await Parallel.ForEachAsync(
            order.Tenant.Addresses(order.Today),
            options,
            async (address, token) =>
            {
                using var response = await http.GetAsync(
                    new Uri(address, UriKind.Relative),
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

                var number = Interlocked.Increment(ref pages);
                Interlocked.Add(ref bytes, page.Written.Length);
                switch (order.Mode)
                {
                    case FloorMode.Upload:
                        var name = string.Create(CultureInfo.InvariantCulture, $"page-{number:D6}.json");
                        await container!.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(page.Written), token);
                        break;
                    case FloorMode.Hash:
                        _ = SHA256.HashData(page.Written.Span);
                        break;
                }
            }
        );
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new FloorReport(pages, bytes), CompareJson.Default.FloorReport));
        return 0;
    }
}
