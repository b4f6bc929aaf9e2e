namespace CubeFunctions.Core.Storage;

/// <summary>Kinds of what a storage account holds.</summary>
public enum StorageKind
{
    /// <summary>A blob container.</summary>
    Container,

    /// <summary>A table.</summary>
    Table,

    /// <summary>A queue.</summary>
    Queue,
}

/// <summary>A container, table or queue. The name alone is not enough: a container and a queue share one.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name in the account.</param>
public readonly record struct StorageResource(StorageKind Kind, string Name);
