using CubeFunctions.Core.Settings;

namespace CubeFunctions.Local.Operations;

/// <summary>Where a deployed app answers.</summary>
internal static class AppAddress
{
    /// <summary>Reads what was typed. Plain HTTP would show the key to whoever listens, but not on this machine.</summary>
    /// <returns>The address of its API, which ends with a slash.</returns>
    /// <exception cref="SettingsException">It is no such address.</exception>
    public static Uri Parse(string text)
    {
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp)
            || address.UserInfo.Length > 0
        )
        {
            throw Fault($"{SettingsReader.Quoted(text)}is not an address such as https://func-cube.azurewebsites.net");
        }

        if (address.Query.Length + address.Fragment.Length > 0)
        {
            // Not shown: it may be a key.
            throw Fault($"must have no query; the key comes from {AppKey.KeyVariable}");
        }

        return address.AbsolutePath.TrimEnd('/') is not ("" or "/api") ? throw Fault($"'{text}' must have no path")
            : address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback
                ? throw Fault($"'{text}' is plain HTTP: anybody on the way could read the key; use https")
            : new Uri(address, "/api/");

        static SettingsException Fault(string what) => new([$"{OperationsOption.Name}: {what}"]);
    }
}
