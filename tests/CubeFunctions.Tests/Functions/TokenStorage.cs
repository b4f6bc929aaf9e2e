using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using CubeFunctions.Local.Azurite;
using CubeFunctions.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CubeFunctions.Tests.Functions;

/// <summary>
/// Storage that is reached with the token of a managed identity, over HTTPS as in Azure, and the endpoint on the instance that gives the
/// token.
/// </summary>
internal sealed class TokenStorage : IAsyncDisposable
{
    private const string IdentityHeader = "header-of-this-instance";
    private readonly string _folder;
    private readonly X509Certificate2 _certificate;
    private readonly AzuriteProcess _azurite;
    private readonly WebApplication _identity;
    private readonly StorageProxy _proxy;
    private volatile bool _givesTokens;

    private TokenStorage(string folder, X509Certificate2 certificate, AzuriteProcess azurite, StorageProxy proxy)
    {
        (_folder, _certificate, _azurite, _proxy) = (folder, certificate, azurite, proxy);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _identity = builder.Build();
        _identity.Run(AnswerAsync);
    }

    /// <summary>From now on the identity gets a token; until then its endpoint answers 500.</summary>
    public void GiveTokens() => _givesTokens = true;

    /// <summary>The test's own way to it: by key.</summary>
    public string ConnectionString => _proxy.ConnectionString;

    /// <summary>The worker's way to it: by token only.</summary>
    public (string Name, string Value)[] Settings =>
        [
            ("CubeStorage", ""),
            .. ((string[])["blob", "queue", "table"]).Select(
                (service, i) => ($"CubeStorage__{service}ServiceUri", $"https://127.0.0.1:{_azurite.Ports[i]}/devstoreaccount1")
            ),
            ("CubeStorage__credential", "managedidentity"),
            ("IDENTITY_ENDPOINT", $"{Address(_identity)}/token"),
            ("IDENTITY_HEADER", IdentityHeader),
            ("SSL_CERT_FILE", Path.Combine(_folder, "certificate.pem")),
        ];

    public static async Task<TokenStorage> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("cube-token-").FullName;
        var certificate = TestCertificates.OfLoopback();
        var (pem, key) = (Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        await File.WriteAllTextAsync(pem, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            key,
            certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem(),
            TestContext.Current.CancellationToken
        );
        var azurite = await AzuriteProcess.StartAsync(
            await AzuriteInstallation.EnsureAsync(Console.Error.WriteLine, TestContext.Current.CancellationToken),
            Path.Combine(folder, "azurite.log"),
            ["--inMemoryPersistence", "--silent", "--oauth", "basic", "--cert", pem, "--key", key],
            null,
            TestContext.Current.CancellationToken
        );
        var proxy = await StorageProxy.StartAsync(
            azurite.ConnectionString().Replace("http://", "https://", StringComparison.Ordinal),
            certificate
        );
        var storage = new TokenStorage(folder, certificate, azurite, proxy);
        await storage._identity.StartAsync(TestContext.Current.CancellationToken);
        return storage;
    }

    public async ValueTask DisposeAsync()
    {
        await _identity.DisposeAsync();
        await _proxy.DisposeAsync();
        await _azurite.StopAsync();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>As App Service gives tokens to what runs on it.</summary>
    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Headers["X-IDENTITY-HEADER"] != IdentityHeader)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        }
        else if (!_givesTokens)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
        else
        {
            var ends = TimeProvider.System.GetUtcNow().AddHours(24).ToUnixTimeSeconds();
            await context.Response.WriteAsJsonAsync(
                new
                {
                    access_token = Token(ends),
                    expires_on = $"{ends}",
                    resource = "https://storage.azure.com",
                    token_type = "Bearer",
                }
            );
        }
    }

    /// <summary>Azurite reads who gave the token, for what and until when, and asks for no signature.</summary>
    private static string Token(long ends)
    {
        var start = TimeProvider.System.GetUtcNow().AddMinutes(-5).ToUnixTimeSeconds();
        return string.Join(
            '.',
            Part(new { alg = "none", typ = "JWT" }),
            Part(
                new
                {
                    aud = "https://storage.azure.com",
                    iss = "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
                    iat = start,
                    nbf = start,
                    exp = ends,
                }
            ),
            "unsigned"
        );
        static string Part<T>(T value) =>
            Convert
                .ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value)))
                .TrimEnd('=')
                .Replace('+', '-')
                .Replace('/', '_');
    }

    private static string Address(WebApplication web) =>
        web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
}
