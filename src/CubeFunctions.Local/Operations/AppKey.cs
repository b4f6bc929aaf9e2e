using System.Net.Http.Headers;
using CubeFunctions.Core.Settings;

namespace CubeFunctions.Local.Operations;

/// <summary>
/// What a deployed app is shown. From the environment alone: shells keep command lines, and other users of a machine see them.
/// </summary>
/// <param name="Key">A function key, or null.</param>
/// <param name="Token">An access token of Entra ID, for apps with sign-in, or null.</param>
internal sealed record AppKey(string? Key, string? Token)
{
    public const string KeyVariable = "CUBE_APP_KEY";
    public const string TokenVariable = "CUBE_APP_TOKEN";

    /// <exception cref="SettingsException">A value cannot be sent in a header.</exception>
    public static AppKey FromEnvironment() => new(Read(KeyVariable), Read(TokenVariable));

    public void AddTo(HttpRequestHeaders headers)
    {
        if (Key is not null)
        {
            headers.Add("x-functions-key", Key);
        }

        if (Token is not null)
        {
            headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        }
    }

    /// <summary>Never shows what it holds.</summary>
    public override string ToString() => "a key";

    private static string? Read(string name) =>
        Environment.GetEnvironmentVariable(name)?.Trim() switch
        {
            null or "" => null,
            var value when value.Any(letter => letter is < '!' or > '~') => throw new SettingsException([
                $"{name}: holds characters that no key has",
            ]),
            var value => value,
        };
}
