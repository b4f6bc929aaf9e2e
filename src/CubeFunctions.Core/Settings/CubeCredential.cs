using System.Net.Http.Headers;
using System.Text;

namespace CubeFunctions.Core.Settings;

/// <summary>What this deployment identifies itself with to Cube. Never printed.</summary>
public sealed class CubeCredential
{
    private CubeCredential(AuthenticationHeaderValue header) => Header = header;

    internal AuthenticationHeaderValue Header { get; }

    /// <summary><c>Authorization: Token {token}</c>, which the vendor recommends.</summary>
    public static CubeCredential Token(string token) => new(new AuthenticationHeaderValue("Token", token));

    /// <summary><c>Authorization: Basic base64(username:password)</c>.</summary>
    public static CubeCredential Basic(string username, string password) =>
        new(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))));

    /// <inheritdoc />
    public override string ToString() => Header.Scheme;

    internal static CubeCredential Read(SettingsReader reader)
    {
        var token = reader.Secret("Cube__Token", "the tenant's API token; or user name and password", sample: "simulator-token")?.Trim();
        var username = reader.Text("Cube__Username", "Basic authentication instead of a token: exactly one of the two kinds");
        var password = reader.Secret("Cube__Password", "the password of `Cube__Username`");

        if (token is not null && (username is not null || password is not null))
        {
            reader.Fault("Cube__Token", "set either this or Cube__Username and Cube__Password, not both");
        }
        else if (token is null && username is null && password is null)
        {
            reader.Fault("Cube__Token", "is missing (or set Cube__Username and Cube__Password)");
        }
        else if (token is null && username is null)
        {
            reader.Fault("Cube__Username", "is missing, while Cube__Password is set");
        }
        else if (token is null && password is null)
        {
            reader.Fault("Cube__Password", "is missing, while Cube__Username is set");
        }

        if (token is not null && token.Any(c => c is < '!' or > '~'))
        {
            reader.Fault("Cube__Token", "holds spaces or characters that a header cannot carry");
            token = "invalid";
        }

        return token is not null ? Token(token) : Basic(username ?? "", password ?? "");
    }
}
